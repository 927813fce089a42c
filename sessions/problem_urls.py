"""Addresses of problems, alike for units, studio and academic affairs."""

from django.urls import path

from sessions import problem_pages as pages

UNIT = "unit/<str:unit>/<str:campaign>/problems/"
STUDIO = "studio/<str:studio>/<str:campaign>/problems/"
OFFICE = "office/<str:campaign>/problems/"

urlpatterns = [
    path(UNIT, pages.UnitProblems.as_view(), name="unit-problems"),
    path(UNIT + "new/", pages.UnitNewProblem.as_view(), name="unit-problem-new"),
    path(UNIT + "<str:problem>/", pages.UnitProblem.as_view(), name="unit-problem"),
    path(UNIT + "<str:problem>/<str:act>/", pages.UnitProblemStep.as_view(), name="unit-problem-act"),
    path(STUDIO, pages.StudioProblems.as_view(), name="studio-problems"),
    path(STUDIO + "new/", pages.StudioNewProblem.as_view(), name="studio-problem-new"),
    path(STUDIO + "<str:problem>/", pages.StudioProblem.as_view(), name="studio-problem"),
    path(STUDIO + "<str:problem>/<str:act>/", pages.StudioProblemStep.as_view(), name="studio-problem-act"),
    path(OFFICE, pages.OfficeProblems.as_view(), name="office-problems"),
    path(OFFICE + "new/", pages.OfficeNewProblem.as_view(), name="office-problem-new"),
    path(OFFICE + "<str:problem>/", pages.OfficeProblem.as_view(), name="office-problem"),
    path(OFFICE + "<str:problem>/<str:act>/", pages.OfficeProblemStep.as_view(), name="office-problem-act"),
]
