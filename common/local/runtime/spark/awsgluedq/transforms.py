"""``EvaluateDataQuality``, which scripts of Glue Studio import whether they use it or not.

https://docs.aws.amazon.com/glue/latest/dg/data-quality-getting-started.html
"""

from typing import NoReturn

from embedded_glue.unavailable import refuse

_INSTEAD = "Rules of data quality are judged in AWS alone; leave this step out locally, or check the DataFrame in the script."


class EvaluateDataQuality:
    """Refuses whatever it is asked to evaluate."""

    @classmethod
    def apply(cls, *_: object, **__: object) -> NoReturn:
        raise refuse("EvaluateDataQuality.apply", _INSTEAD)

    def process_rows(self, *_: object, **__: object) -> NoReturn:
        raise refuse("EvaluateDataQuality.process_rows", _INSTEAD)
