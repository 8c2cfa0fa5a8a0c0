"""The pages, one file each; `listing` is the search and the tables that several of them show."""
