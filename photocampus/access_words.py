"""What the actions of the access log are called in its list. An action without a word shows itself."""

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "export": _("List exported"),
    "find_person": _("Person looked up"),
    "reveal": _("Full numbers shown"),
    "make_up_list": _("Make-up list downloaded"),
    "batch_download": _("File of a batch downloaded"),
    "roster_refused": _("Refused rows of a roster downloaded"),
    "sign_off_sheet": _("Sign-off sheet opened"),
    "fees_export": _("List of fees downloaded"),
    "plan_downloaded": _("Shooting plan downloaded"),
    "class_sheets": _("Class sheets opened"),
    "delivery_files": _("Files of a delivery downloaded"),
    "packing_list": _("Packing list downloaded"),
    "me_opened": _("Own page opened by a graduate"),
    "me_id_differs": _("Own page: the number differed"),
    "me_picture": _("Own picture looked at"),
    "passwords_shown": _("One-time passwords shown"),
    "passwords_downloaded": _("One-time passwords downloaded"),
    "password_changed": _("Password changed"),
}


def word_of_action(action: str) -> str:
    return str(WORDS.get(action, action))


def word_of_label(label: str) -> str:
    """A label that is a kind of row, such as `units.unit`, under the row's name."""
    try:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    except (LookupError, ValueError):
        return label
