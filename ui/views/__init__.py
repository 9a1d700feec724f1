"""One file for each page; `ui.shell` lists them."""
