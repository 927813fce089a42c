from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('students', '0012_wording_of_columns'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('check_name', 'near_identical')), fields=['check_name'], name='finding_near_identical'),
        ),
    ]
