from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("shoots", "0006_rooms_with_pictures"),
    ]

    operations = [
        migrations.AddField(
            model_name="disturbance",
            name="until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="expected until"),
        ),
        migrations.AddField(
            model_name="disturbance",
            name="plan_before",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddConstraint(
            model_name="disturbance",
            constraint=models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("began_at")),
                name="disturbance_until_after_began",
            ),
        ),
    ]
