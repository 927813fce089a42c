"""Who: campaigns, notices, units, memberships, studios, contracts and studio grants."""
