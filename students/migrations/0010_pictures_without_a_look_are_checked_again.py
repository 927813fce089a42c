"""Pictures filed before looks were compared count as unchecked, so that deriving them again gives them one."""

from django.db import migrations


def forget_checks(apps, schema_editor):
    apps.get_model("students", "Photo").objects.filter(look="").exclude(checked_with="").update(checked_with="")


class Migration(migrations.Migration):

    dependencies = [
        ("students", "0009_uploads_in_pieces"),
    ]

    operations = [migrations.RunPython(forget_checks, migrations.RunPython.noop)]
