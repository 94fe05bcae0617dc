"""Every error the platform raises on purpose, and what the reader should do about it.

    SympolisError
    ├── InvalidRequest            the request's syntax or a parameter is wrong          400
    │   └── BadRequestData        well-formed, but meaningless                          400
    ├── NotFound                  no such thing                                          404
    │   └── NonexistentTenant                                                            404
    ├── AlreadyExists             an id is taken                                         409
    ├── Conflict                  the present state forbids it                           409
    ├── NotAcceptable · UnsupportedMediaType · LengthRequired · PayloadTooLarge          4xx
    ├── OperationNotSupported     understood, but not done for this kind of thing        422
    ├── OverrideRefused           a model does not allow this what-if                    422
    ├── TooComplexQuery · TooManyResults                                                 403
    ├── Unauthenticated           say who you are first                                  401
    ├── Forbidden                 this caller may not                                    403
    ├── TooManyAttempts · QuotaExceeded   come back later                                429
    ├── NotImplementedHere        a part of a standard we know and do not do yet         501
    ├── ContextNotAvailable       a JSON-LD @context cannot be had                       504
    ├── DeliveryFailed            a notification did not arrive; DeliveryRefused: never will
    ├── CityPackageInvalid · MappingInvalid · SettingsInvalid    a file of the city is wrong
    ├── DumpInvalid               a dump to restore is damaged or not whole
    ├── SourceFailed · ModelFailed · StoreUnavailable            the world outside failed
    └── Cancelled                 someone asked for this to stop

``api/errors.py`` holds the one table from these classes to HTTP; ``cli`` the one to exit codes.
An error names *what* is wrong (``where``), what was expected (the message) and what to do (``hint``).
"""

from __future__ import annotations


class SympolisError(Exception):
    """Something the platform refuses or cannot do.

    Parameters
    ----------
    message : what is wrong and what was expected, one sentence, for the person who can mend it
    where : the file, field, row or parameter concerned, e.g. ``cities/trento/city.toml: bbox``
    hint : what to do next
    """

    title = "The request could not be fulfilled"
    standard = ""
    """The type that a standard fixes for this very refusal, where it fixes one; set by the interface that raises it."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} — {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip from a worker process with all three parts."""
        return (_rebuild, (type(self), self.message, self.where, self.hint))


def _rebuild(kind: type[SympolisError], message: str, where: str, hint: str) -> SympolisError:
    return kind(message, where=where, hint=hint)


class InvalidRequest(SympolisError):
    """The request is not well-formed, or a parameter is unknown or unusable."""

    title = "Invalid request"


class BadRequestData(InvalidRequest):
    """The request is well-formed but its content breaks the information model."""

    title = "Bad request data"


class NotFound(SympolisError):
    """There is no such entity, attribute, source, scenario or run."""

    title = "Not found"


class NonexistentTenant(NotFound):
    """The tenant named in ``NGSILD-Tenant`` does not exist."""

    title = "Tenant does not exist"


class AlreadyExists(SympolisError):
    """The identifier is already in use."""

    title = "Already exists"


class Conflict(SympolisError):
    """The present state forbids the operation."""

    title = "Conflict"


class NotAcceptable(SympolisError):
    """None of the media types asked for can be given."""

    title = "Not acceptable"


class UnsupportedMediaType(SympolisError):
    """The body's media type is not understood."""

    title = "Unsupported media type"


class MethodNotAllowed(SympolisError):
    """The resource exists but does not answer this method."""

    title = "Method not allowed"


class LengthRequired(SympolisError):
    """A body came without a Content-Length."""

    title = "Length required"


class PayloadTooLarge(SympolisError):
    """The body is larger than the configured limit."""

    title = "Payload too large"


class OperationNotSupported(SympolisError):
    """The operation is understood but not offered for this resource."""

    title = "Operation not supported"


class OverrideRefused(SympolisError):
    """A model does not allow this override; the message gives its reason."""

    title = "Override refused"


class TooComplexQuery(SympolisError):
    """Answering would cost more than one request may."""

    title = "Query too complex"


class TooManyResults(SympolisError):
    """The answer is larger than the configured limit."""

    title = "Too many results"


class Unauthenticated(SympolisError):
    """Whoever asks has not said who they are, or not in a way that holds: sign in, or send a key or a token."""

    title = "Sign in first"


class TooManyAttempts(SympolisError):
    """Too many attempts failed in a short time: wait a minute before the next one."""

    title = "Too many attempts"


class QuotaExceeded(SympolisError):
    """Whoever asks has as much computed as their roles allow: wait for it, or for the next day."""

    title = "Quota exceeded"


class Forbidden(SympolisError):
    """The caller may not do this."""

    title = "Forbidden"


class NotImplementedHere(SympolisError):
    """A part of a standard that is known and not offered yet."""

    title = "Not implemented"


class ContextNotAvailable(SympolisError):
    """A JSON-LD @context could not be fetched in time."""

    title = "@context not available"


class CityPackageInvalid(SympolisError):
    """A file of a city package is missing or wrong."""

    title = "City package invalid"


class MappingInvalid(CityPackageInvalid):
    """A mapping names an unknown field, unit or attribute."""

    title = "Mapping invalid"


class SettingsInvalid(SympolisError):
    """A setting is missing, out of bounds or contradicts another."""

    title = "Settings invalid"


class SourceFailed(SympolisError):
    """A source could not be read."""

    title = "Source failed"


class ModelFailed(SympolisError):
    """A simulator stopped without a result."""

    title = "Model failed"


class DeliveryFailed(SympolisError):
    """A notification did not arrive; it may, later."""

    title = "Delivery failed"


class DeliveryRefused(DeliveryFailed):
    """A notification did not arrive, and trying again would not change that."""

    title = "Delivery refused"


class StoreUnavailable(SympolisError):
    """The store cannot be opened or has stopped."""

    title = "Store unavailable"


class DumpInvalid(SympolisError):
    """A dump is incomplete, damaged or not of this format."""

    title = "The dump cannot be used"


class Cancelled(SympolisError):
    """The work was stopped on request."""

    title = "Cancelled"
