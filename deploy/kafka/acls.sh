#!/bin/sh
# The least that each part of ConsultGuard needs on a Kafka cluster. Written by: consultguard topics acls
# Run it with an administrator's client properties:
#   ./acls.sh --bootstrap-server k1:9092 --command-config admin.properties
set -eu
kafka-acls.sh "$@" --add --allow-principal User:consultguard-ingest --topic consult.chunks --operation Write --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.chunks --operation Read --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.verdicts.safe --operation Write --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.verdicts.contested --operation Write --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.verdicts.unsafe --operation Write --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.dead-letter --operation Write --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.reviews --operation Write --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.audit --operation Write --operation Read --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.audit.events --operation Write --operation Read --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.keys --operation Write --operation Read --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --topic consult.audit.checkpoints --operation Describe --operation DescribeConfigs
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --group consultguard-worker --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-worker --transactional-id consultguard --resource-pattern-type prefixed --operation Write --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-ingest --transactional-id consultguard --resource-pattern-type prefixed --operation Write --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-checkpointer --transactional-id consultguard --resource-pattern-type prefixed --operation Write --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-checkpointer --topic consult.audit --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-checkpointer --topic consult.audit.events --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-checkpointer --topic consult.audit.checkpoints --operation Read --operation Write --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-checkpointer --topic consult.chunks --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-auditor --topic consult.audit --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-auditor --topic consult.audit.events --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-auditor --topic consult.audit.checkpoints --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-auditor --topic consult.reviews --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-auditor --topic consult.chunks --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-ehr --topic consult.verdicts.safe --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-review --topic consult.verdicts.contested --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-review --topic consult.reviews --operation Write --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-alert --topic consult.verdicts.unsafe --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-ehr --group consultguard-ehr --resource-pattern-type prefixed --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-review --group consultguard-review --resource-pattern-type prefixed --operation Read --operation Describe
kafka-acls.sh "$@" --add --allow-principal User:consultguard-alert --group consultguard-alert --resource-pattern-type prefixed --operation Read --operation Describe
