"""The repository of assets: what one twin has made and others can use, as signed packages that travel between them."""
