"""What ragopt calls: models and services, each behind a protocol and ignorant of the others."""
