"""Convert a CSV file of sales to Parquet, one folder for each day. A day that comes again is replaced.

Arguments: ``source``, ``target``.
"""

import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def transform(lines: DataFrame) -> DataFrame:
    """Give the columns of a CSV file, all of them texts, their types.

    Returns:
        ``sale_id``, ``sold_on``, ``product``, ``quantity``, ``unit_price`` and ``revenue``. Rows that are wrong are left out, and
        of rows with the same ``sale_id`` one stays.
    """
    sales = lines.select(
        F.trim("sale_id").alias("sale_id"),
        F.to_date("sold_on", "yyyy-MM-dd").alias("sold_on"),
        F.upper(F.trim("product")).alias("product"),
        F.col("quantity").cast("int").alias("quantity"),
        F.col("unit_price").cast("decimal(12,2)").alias("unit_price"),
    )
    is_sale = (F.col("sale_id") != "") & F.col("sold_on").isNotNull() & (F.col("quantity") > 0) & (F.col("unit_price") >= 0)
    revenue = (F.col("quantity") * F.col("unit_price")).cast("decimal(18,2)")
    return sales.where(is_sale).dropDuplicates(["sale_id"]).withColumn("revenue", revenue)


def main() -> None:
    """Read the file, write its days."""
    from awsglue.utils import getResolvedOptions  # only Glue has it; transform is tested without

    args = getResolvedOptions(sys.argv, ["source", "target"])
    spark = SparkSession.builder.appName("convert").config("spark.sql.sources.partitionOverwriteMode", "dynamic").getOrCreate()
    lines = spark.read.option("header", True).csv(args["source"])
    transform(lines).coalesce(1).write.mode("overwrite").partitionBy("sold_on").parquet(args["target"])


if __name__ == "__main__":
    main()
