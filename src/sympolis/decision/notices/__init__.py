"""Telling people what needs them: rules on figures, forecasts, alerts, sources; nothing lost, nothing told twice."""
