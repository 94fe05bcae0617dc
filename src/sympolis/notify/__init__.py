"""Carrying notifications: the adapters behind ``context.subscriptions``' port ``Notifier``, by scheme of the URI."""

from sympolis.notify.notifier import EndpointNotifier

__all__ = ["EndpointNotifier"]
