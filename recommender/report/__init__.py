"""A recommendation as something to hand on: one self-contained HTML file (`recommender.report.html.html_report`)."""
