"""What comes before a first deploy, and between two versions of the deployer.

It makes projects, environments and repositories, replaces the deployer's part of a team's repository, and says what a machine
or an account lacks.

Nothing is half-written: what is made is complete before it gets its place, and what cannot stay is taken back.
"""
