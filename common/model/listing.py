"""How the resources of a kind are listed."""

from typing import NamedTuple


class Listing(NamedTuple):
    """The operation with which a service lists the resources of a kind.

    Args:
        operation: the name of the operation.
        items: the field of a page that holds the items.
        name: the field of an item that holds the name; empty if the item itself is the name.
        prefix: the parameter that limits the listing to names with a beginning.
        tags: the parameter that limits the listing to resources with tags.
        size: the parameter for the size of a page and the largest size, if they must be passed.
        next_page: the parameter for the next page, if botocore has no paginator for the operation.
        before_name: what the name comes after, if an item is a URL or an ARN that ends with it.
        by_name: the parameter that limits the listing to resources with these names, and how many names it takes.
        shows_all: whether it shows every resource whose name is not free; False if others' accounts may have the name, too.
    """

    operation: str
    items: str
    name: str = ""
    prefix: str = ""
    tags: str = ""
    size: tuple[str, int] | None = None
    next_page: str = ""
    before_name: str = ""
    by_name: tuple[str, int] | None = None
    shows_all: bool = True
