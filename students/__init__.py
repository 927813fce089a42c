"""What: students, enrolments, graduates, photos, decisions, corrections, submissions and CHSI batches."""
