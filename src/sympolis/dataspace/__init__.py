"""Trading with other twins: catalogues, contracts, transfers and what makes them trustworthy."""
