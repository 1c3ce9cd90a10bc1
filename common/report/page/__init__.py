"""The pages of `invoke report` and `invoke plan --html`: one file each, which loads nothing and runs nothing."""
