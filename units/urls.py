"""Addresses of this app's pages."""

from django.urls import path

from units import account_pages, deadline_pages, notice_pages, start

app_name = "units"
urlpatterns = [
    path("unit/", start.UnitStart.as_view(), name="unit-start"),
    path("studio/", start.StudioStart.as_view(), name="studio-start"),
    path("notice/<str:campaign>/", notice_pages.NoticePage.as_view(), name="read-notice"),
    path("notice/<str:campaign>/<int:edition>/", notice_pages.NoticePage.as_view(), name="read-edition"),
    path(
        "notice/<str:campaign>/files/<str:public_id>/",
        notice_pages.AttachmentPage.as_view(),
        name="notice-file",
    ),
    path("unit/<str:unit>/<str:campaign>/notice/", notice_pages.UnitNotice.as_view(), name="notice"),
    path(
        "unit/<str:unit>/<str:campaign>/notice/acknowledge/",
        notice_pages.AcknowledgeNotice.as_view(),
        name="acknowledge",
    ),
    path(
        "notice/<str:campaign>/acknowledgements/",
        notice_pages.Acknowledgements.as_view(),
        name="acknowledgements",
    ),
    path("office/<str:campaign>/deadlines/", deadline_pages.Deadlines.as_view(), name="deadlines"),
    path("office/<str:campaign>/deadlines/<str:key>/", deadline_pages.UrgeUnits.as_view(), name="urge"),
    path("account/", account_pages.OwnAccount.as_view(), name="account"),
    path("accounts/", account_pages.AccountList.as_view(), name="accounts"),
    path("accounts/new/", account_pages.NewAccount.as_view(), name="account-new"),
    path("accounts/import/", account_pages.ImportCoordinators.as_view(), name="account-import"),
    path("accounts/import/template/", account_pages.ImportTemplate.as_view(), name="account-template"),
    path("accounts/passwords/", account_pages.PasswordSheet.as_view(), name="password-sheet"),
    path("accounts/of/<str:username>/", account_pages.AccountPage.as_view(), name="account-of"),
    path("accounts/of/<str:username>/change/", account_pages.ChangeAccount.as_view(), name="account-change"),
    path("accounts/of/<str:username>/reset/", account_pages.ResetPassword.as_view(), name="account-reset"),
    path("accounts/of/<str:username>/off/", account_pages.SwitchOff.as_view(), name="account-off"),
    path("accounts/of/<str:username>/on/", account_pages.SwitchOn.as_view(), name="account-on"),
    path(
        "accounts/of/<str:username>/administrator/",
        account_pages.MakeAdministrator.as_view(),
        name="account-administrator",
    ),
    path("accounts/of/<str:username>/places/", account_pages.AddPlace.as_view(), name="account-add-place"),
    path(
        "accounts/of/<str:username>/places/<str:place>/end/",
        account_pages.EndPlace.as_view(),
        name="end-place",
    ),
    path(
        "accounts/of/<str:username>/places/<str:place>/hand-over/",
        account_pages.HandOver.as_view(),
        name="hand-over",
    ),
]
