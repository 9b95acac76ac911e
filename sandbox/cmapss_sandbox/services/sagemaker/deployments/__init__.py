"""Deployments: how an endpoint gets from the fleets that serve it to another one, as plans that are plain data."""
