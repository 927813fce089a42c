"""Addresses of this app's pages."""

from django.urls import path

from sessions import booking_urls, overview, problem_urls, shoot_urls

app_name = "shoots"
urlpatterns = [
    path("unit/<str:unit>/<str:campaign>/", overview.UnitOverview.as_view(), name="overview"),
    path("studio/<str:studio>/<str:campaign>/units/", overview.StudioUnits.as_view(), name="studio-units"),
    *shoot_urls.urlpatterns,
    *booking_urls.urlpatterns,
    *problem_urls.urlpatterns,
]
