"""The app in a browser: tables in, ranked formulas out, in Japanese and English."""
