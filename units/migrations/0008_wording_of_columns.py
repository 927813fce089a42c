from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('units', '0007_several_reminders_of_a_shoot'),
    ]

    operations = [
        migrations.AlterField(
            model_name='membership',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended at'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='published_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='published at'),
        ),
        migrations.AlterField(
            model_name='noticeattachment',
            name='sha256',
            field=models.CharField(editable=False, max_length=64, verbose_name='SHA-256'),
        ),
        migrations.AlterField(
            model_name='studiogrant',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended at'),
        ),
        migrations.AlterField(
            model_name='studiomembership',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended at'),
        ),
    ]
