"""The script of a job that makes, changes and reads tables of the Data Catalog, in each of Spark's ways."""

import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

bucket = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
spark = GlueContext(SparkContext.getOrCreate()).spark_session
assert [row.tableName for row in spark.sql("SHOW TABLES IN acreage").collect()] == ["crops"]
crops = spark.table("acreage.crops")
assert crops.count() == 3, crops.count()
assert spark.sql("select sum(acres) as acres from acreage.crops where year = '2024'").first().acres == 5
crops.write.mode("overwrite").partitionBy("year").saveAsTable("acreage.saved")
spark.sql("INSERT INTO acreage.saved SELECT 'rye', 7, '2025'")
spark.sql("CREATE TABLE acreage.made (name string, n int) USING parquet")
spark.createDataFrame([("a", 1)], ["name", "n"]).write.insertInto("acreage.made")
spark.sql("CREATE DATABASE fresh")
assert spark.catalog.tableExists("acreage.made")
assert not spark.catalog.tableExists("acreage.nothing")
spark.sql("CREATE TABLE acreage.gone USING parquet AS SELECT 1 AS n")
spark.sql("DROP TABLE acreage.gone")
assert "saved" in [table.name for table in spark.catalog.listTables("acreage")]
spark.sql(
    f"CREATE EXTERNAL TABLE acreage.hive (n INT COMMENT 'it is (one)', v VARCHAR(5)) COMMENT 'stored as text' "
    f"PARTITIONED BY (p STRING) STORED AS PARQUET LOCATION 's3://{bucket}/hive/' TBLPROPERTIES ('team'='blue')"
)
spark.sql("INSERT INTO acreage.hive VALUES (1, 'a', 'x')")
spark.sql(
    "CREATE TABLE acreage.piped (n INT, v STRING) ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' "
    "STORED AS TEXTFILE TBLPROPERTIES ('skip.header.line.count'='1')"
)
spark.sql("INSERT INTO acreage.piped VALUES (1, 'a')")
spark.sql("CREATE TABLE acreage.plain AS SELECT 1 AS n")
spark.sql("ALTER TABLE acreage.crops ADD COLUMNS (note STRING)")
both = spark.sql("SELECT n, v, p FROM acreage.hive JOIN acreage.piped USING (n, v) JOIN acreage.plain USING (n)")
print("hive", both.collect())
glue = GlueContext(SparkContext.getOrCreate())
rows = DynamicFrame.fromDF(spark.sql("SELECT 1 AS n, 'A b/c:d' AS p, CAST(NULL AS STRING) AS q"), glue, "rows")
sink = glue.getSink(connection_type="s3", path=f"s3://{bucket}/parts/", enableUpdateCatalog=True, partitionKeys=["p", "q"])
sink.setCatalogInfo(catalogDatabase="acreage", catalogTableName="parts")
sink.setFormat("glueparquet")
sink.writeFrame(rows)
print("parts", glue.create_dynamic_frame.from_catalog(database="acreage", table_name="parts").toDF().collect())
print("parts", spark.table("acreage.parts").collect())
print("null", glue.create_dynamic_frame.from_catalog("acreage", "parts", push_down_predicate="q is null").count())
spark.sparkContext.parallelize(["a b", "c"], 1).saveAsTextFile(f"s3://{bucket}/texts")
lines = spark.sparkContext.textFile(f"s3://{bucket}/texts")  # Hadoop's older input formats ask where each block is
print("texts", lines.collect())
print("made", spark.table("acreage.made").count(), "saved", spark.table("acreage.saved").count())
