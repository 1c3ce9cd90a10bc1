// The CDK application of the benchmark: the resources of a template, with their files as assets.
const { App, CfnResource, CliCredentialsStackSynthesizer, Stack } = require("aws-cdk-lib");
const { Asset } = require("aws-cdk-lib/aws-s3-assets");

const { TEMPLATE, STACK, BUCKET, AWS_REGION, ACCOUNT } = process.env;
const synthesizer = new CliCredentialsStackSynthesizer({ fileAssetsBucketName: BUCKET });
const stack = new Stack(new App(), STACK, { synthesizer, env: { account: ACCOUNT, region: AWS_REGION } });
const resources = Object.entries(require(TEMPLATE).Resources);
const asset = (id, path) => new Asset(stack, `${id}Asset`, { path });

const made = {};
for (const [id, { Type: type, Properties: properties }] of resources) {
  if (type === "AWS::Lambda::Function") {
    const code = asset(id, properties.Code);
    properties.Code = { S3Bucket: code.s3BucketName, S3Key: code.s3ObjectKey };
  } else if (type === "AWS::Glue::Job") {
    properties.Command.ScriptLocation = asset(id, properties.Command.ScriptLocation).s3ObjectUrl;
  }
  made[id] = new CfnResource(stack, id, { type, properties });
}
for (const [id, { DependsOn: needs }] of resources) {
  (needs || []).forEach((need) => made[id].addDependency(made[need]));
}
