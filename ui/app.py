"""What Streamlit runs: `formula ui`, or `streamlit run ui/app.py`.

Worker processes import this file once more under another name; they must not draw a page.
"""

if __name__ == "__main__":
    from ui.shell import main

    main()
