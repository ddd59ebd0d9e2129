"""What is published of the mission, and the checks that hold an archive against it."""
