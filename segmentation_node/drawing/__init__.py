"""Pictures with words on them: lettering, the legend of a label set, sheets of panels."""
