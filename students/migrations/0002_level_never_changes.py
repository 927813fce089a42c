"""An enrolment's education level never changes: another level is another enrolment (R9)."""

from django.db import migrations

from photocampus.triggers import drop_fixed_column, fixed_column


class Migration(migrations.Migration):
    dependencies = [("students", "0001_initial")]

    operations = [
        migrations.RunPython(
            fixed_column("students_enrolment", "level"), drop_fixed_column("students_enrolment", "level")
        ),
    ]
