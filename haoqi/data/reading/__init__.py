"""Reading: from a file, a folder or a database to rows, whatever their format and layout."""
