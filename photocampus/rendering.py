"""How forms look: every `{{ form }}` and `{{ field.as_field_group }}` comes out of our own templates."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Fields with label, help, control and error linked by aria-describedby; see templates/components/."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
