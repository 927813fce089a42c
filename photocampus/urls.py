"""All addresses. Each app brings its own; a test walks every one of them with every role."""

from django.contrib import admin
from django.urls import include, path

from photocampus import demo_clock, first_run, health, inbox_pages, job_pages, login, pages

urlpatterns = [
    path("", pages.StartPage.as_view(), name="start"),
    path("login/", login.LogIn.as_view(), name="login"),
    path("logout/", login.LogOut.as_view(), name="logout"),
    path("password/", login.PasswordChange.as_view(), name="password_change"),
    path("setup/", first_run.SetUp.as_view(), name="setup"),
    path("language/", pages.SetLanguage.as_view(), name="set_language"),
    path("healthz", health.Health.as_view(), name="healthz"),
    path("jobs/", job_pages.JobList.as_view(), name="jobs"),
    path("jobs/<str:public_id>/", job_pages.JobPage.as_view(), name="job"),
    path("jobs/<str:public_id>/cancel/", job_pages.JobCancel.as_view(), name="job-cancel"),
    path("inbox/", inbox_pages.Inbox.as_view(), name="inbox"),
    path("inbox/read/", inbox_pages.ReadAll.as_view(), name="inbox-read-all"),
    path("inbox/<str:public_id>/", inbox_pages.OpenMessage.as_view(), name="inbox-open"),
    path("account/news/", inbox_pages.NewsChoice.as_view(), name="news-choice"),
    path("demo/date/", demo_clock.AdvanceDemoDate.as_view(), name="demo-date"),
    path("admin/", admin.site.urls),
    path("", include("units.urls")),
    path("", include("students.urls")),
    path("", include("sessions.urls")),
]

handler400 = "photocampus.error_pages.bad_request"
handler403 = "photocampus.error_pages.forbidden"
handler404 = "photocampus.error_pages.not_found"
handler500 = "photocampus.error_pages.server_error"
