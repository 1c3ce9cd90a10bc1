"""Add up all orders by day and product. Each run makes the table anew, so an order that comes late needs nothing special.

What the job writes is encrypted by its security configuration.

Arguments: ``orders_location``, ``totals_location``.
"""

import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

ORDER = "order_id string, ordered_on date, product string, quantity bigint, unit_price decimal(18,2)"


def read(spark: SparkSession, location: str) -> DataFrame:
    """Read all orders; there are none as long as the place of the first is not there."""
    try:
        return spark.read.schema(ORDER).json(location)
    except AnalysisException as error:
        if error.getErrorClass() != "PATH_NOT_FOUND":
            raise
        return spark.createDataFrame([], ORDER)


def transform(orders: DataFrame) -> DataFrame:
    """Add up orders (columns as in ``ORDER``).

    Returns:
        One row for each day and product, in this order: ``ordered_on``, ``product``, ``orders``, ``quantity`` and ``revenue``.
    """
    revenue = F.sum(F.col("quantity") * F.col("unit_price")).cast("decimal(18,2)")
    totals = orders.groupBy("ordered_on", "product").agg(
        F.count("*").alias("orders"),
        F.sum("quantity").alias("quantity"),
        revenue.alias("revenue"),
    )
    return totals.orderBy("ordered_on", "product")


def main() -> None:
    """Read all orders, write all totals."""
    from awsglue.utils import getResolvedOptions  # only Glue has it; transform is tested without

    args = getResolvedOptions(sys.argv, ["orders_location", "totals_location"])
    spark = SparkSession.builder.appName("daily_totals").getOrCreate()
    orders = read(spark, args["orders_location"])
    transform(orders).coalesce(1).write.mode("overwrite").parquet(args["totals_location"])


if __name__ == "__main__":
    main()
