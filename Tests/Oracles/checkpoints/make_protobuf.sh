#!/bin/sh
# Makes Sources/MBQCheckpoints/Protobuf from Formats/*/*.proto.
#
# Needs protoc (Debian: protobuf-compiler) and swift-protobuf's plugin of the version in Package.swift:
#
#     swift build -c release --product protoc-gen-swift        # in a checkout of swift-protobuf
#     PATH=.build/release:$PATH Tests/Oracles/checkpoints/make_protobuf.sh
set -eu
cd "$(dirname "$0")/../../.."
target=Sources/MBQCheckpoints/Protobuf
for proto in Formats/onnx/onnx.proto Formats/tensorflow/bundle.proto; do
  protoc --proto_path="$(dirname $proto)" \
    --swift_opt=Visibility=Internal --swift_out=$target "$(basename $proto)"
done
