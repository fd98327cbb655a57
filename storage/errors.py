"""Every error Premise raises on purpose, as one tree.

    PremiseError
    ├── SettingError            a setting is wrong; the start stops
    ├── DataFolderError         the data folder cannot be used (locked, read-only, full, damaged)
    │   └── DataFolderBusy      another process owns it
    ├── EmbedderMismatch        the index was built with another embedding model
    ├── ModelError              a model directory cannot be loaded
    ├── IndexUnavailable        the vector index server does not answer
    ├── QuestionError           the question cannot be asked as it is
    ├── NotPermitted            not for this person, or not there (never said which)
    ├── InsideContainer         a file lies inside another and cannot be erased alone
    ├── AccountError            a user name, password or group is not acceptable
    ├── ParseFailure            a file cannot be read; carries a failure code (storage.failures)
    ├── TooManyQuestions        a person asks faster than the settings allow
    ├── Stopped                 whoever asked does not want the answer any more
    ├── BackupError             a backup cannot be written, is damaged, or does not fit the place
    └── ServiceError            the running service or an address it needs does not answer
        ├── ModelBusy           the language model has no place for this question in time
        ├── ModelRefuses        the language model's server refuses what is asked of it: key, name or request
        ├── ModelSlow           the language model takes longer than the settings allow
        ├── BrokenOff           the language model did not come to the end of its answer
        ├── NoAnswer            the language model came to its end without an answer
        └── PromptTooLong       the language model's server says that the prompt is too long for it

A message says what happened, to which file or setting, and what to do. The cause is kept (`raise … from`).
"""


class PremiseError(Exception):
    """The base of all. Shown to people as it is: `str(error)` is a whole sentence."""


class SettingError(PremiseError):
    """A setting is wrong; named with what is accepted."""


class DataFolderError(PremiseError):
    """The data folder cannot be used."""


class DataFolderBusy(DataFolderError):
    """Another Premise process owns the data folder."""


class EmbedderMismatch(PremiseError):
    """The index was built with another embedding model than the one configured."""


class ModelError(PremiseError):
    """A model directory is missing or cannot be loaded."""


class IndexUnavailable(PremiseError):
    """The vector index does not answer."""


class QuestionError(PremiseError):
    """The question is empty, too long, or otherwise cannot be asked."""


class NotPermitted(PremiseError):
    """Not for this person, or not there."""


class InsideContainer(PremiseError):
    """A document lies inside an archive or a mail, whose original holds it too."""


class AccountError(PremiseError):
    """A user name, password or group is not acceptable."""


class BackupError(PremiseError):
    """A backup cannot be written, is damaged, or cannot be restored there."""


class ServiceError(PremiseError):
    """A service Premise needs, or Premise itself, does not answer."""


class ModelBusy(ServiceError):
    """The language model is busy, and it did not become this question's turn in time."""


class ModelRefuses(ServiceError):
    """The language model's server refuses what is asked of it: an administrator has to see to it."""


class ModelSlow(ServiceError):
    """The language model takes longer than the settings allow."""


class BrokenOff(ServiceError):
    """The language model did not come to the end of its answer."""


class NoAnswer(ServiceError):
    """The language model came to its end without an answer."""


class Unchecked(ServiceError):
    """What the language model wrote could not be checked, and is not shown."""


class SearchFailed(ServiceError):
    """The process that searches ended twice over a question, or cannot be started: perhaps for want of memory."""


class PromptTooLong(ServiceError):
    """The language model's server says that the prompt is too long for it."""


class Stopped(PremiseError):
    """Whoever asked does not want the answer any more."""


class TooManyQuestions(PremiseError):
    """A person asks faster than the settings allow; `seconds` says when to ask again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
