// swift-tools-version: 6.2
import PackageDescription

// One `module` line per target. A target imports only targets on lines above it (README, "Where a
// change goes"); the runtime side, down to MBQRuntime, imports no Foundation.

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let parser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let cSettings: [CSetting] = [
  .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error),
  // Debug builds would otherwise run the kernels 60 times slower than they are meant to be.
  .unsafeFlags(["-O2"], .when(configuration: .debug)),
]

func module(
  _ name: String, _ imports: [Target.Dependency] = [], exclude: [String] = [],
  extra: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: imports, exclude: exclude, swiftSettings: swiftSettings + extra)
}

func tests(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.init(stringLiteral: name), "MBQTestSupport"] + imports,
    exclude: name == "mbq" ? ["Snapshots"] : [],
    swiftSettings: swiftSettings)
}

func program(_ name: String, _ imports: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: imports, swiftSettings: swiftSettings)
}

let package = Package(
  name: "mbq",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "MBQRuntime", targets: ["MBQRuntime"]),
    .library(name: "MBQToolchain", targets: ["MBQToolchain"]),
    .executable(name: "mbq", targets: ["mbq"]),
    .executable(name: "mbq-classify", targets: ["mbq-classify"]),
    .executable(name: "mbq-bench", targets: ["mbq-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The runtime side.
    .target(name: "CMBQBytes", cSettings: cSettings),
    .target(name: "CMBQKernels", cSettings: cSettings),
    module("MBQCore"),
    module("MBQTokenizer", ["MBQCore"]),
    module("MBQModel", ["MBQCore"]),
    module("MBQSchemes", ["MBQCore"]),
    module("MBQFormat", ["MBQCore", "MBQModel", "MBQSchemes", "CMBQBytes"]),
    module("MBQPacking", ["MBQCore", "MBQModel", "MBQSchemes", "MBQFormat", "CMBQBytes"]),
    module("MBQKernels", ["MBQCore", "MBQModel", "MBQSchemes", "CMBQKernels"]),
    module(
      "MBQRuntime",
      [
        "MBQCore", "MBQModel", "MBQSchemes", "MBQFormat", "MBQKernels", "MBQTokenizer",
      ]),

    // The C API. `make embedded` builds it with Embedded Swift, where memory.c stands in for libc.
    module(
      "MBQEmbedding",
      ["MBQCore", "MBQFormat", "MBQKernels", "MBQModel", "MBQRuntime", "MBQTokenizer"],
      exclude: ["include", "freestanding"]),

    // The toolchain side.
    module("MBQReference", ["MBQCore", "MBQModel", "MBQSchemes"]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    module(
      "MBQCheckpoints", ["MBQCore", "MBQModel", "MBQTokenizer", "CMBQBytes", "CZlib", protobuf]),
    module(
      "MBQEvaluation",
      ["MBQCore", "MBQModel", "MBQFormat", "MBQRuntime", "MBQTokenizer", "CZlib"]),
    module(
      "MBQQuantizer",
      [
        "MBQCore", "MBQModel", "MBQSchemes", "MBQFormat", "MBQPacking", "MBQKernels",
        "MBQReference", "MBQCheckpoints", "MBQRuntime", "MBQTokenizer", "MBQEvaluation",
        "CMBQBytes", "CZlib", yams,
      ]),
    module("MBQReport", ["MBQCore", "MBQEvaluation"]),
    module(
      "MBQToolchain",
      [
        "MBQCore", "MBQModel", "MBQSchemes", "MBQFormat", "MBQPacking", "MBQKernels", "MBQRuntime",
        "MBQTokenizer", "MBQCheckpoints", "MBQQuantizer", "MBQEvaluation", "MBQReport",
      ]),

    // The programs.
    program(
      "mbq",
      [
        "MBQCore", "MBQModel", "MBQQuantizer", "MBQEvaluation", "MBQReport", "MBQRuntime",
        "MBQToolchain", parser,
      ]),
    program("mbq-classify", ["MBQCore", "MBQRuntime", "MBQTokenizer", "MBQKernels"]),
    program(
      "mbq-bench",
      ["MBQCore", "MBQRuntime", "MBQKernels", "MBQModel", "MBQSchemes", "MBQTokenizer"]),

    // Tests.
    .target(
      name: "MBQTestSupport", dependencies: ["MBQCore", "MBQEvaluation", "CZlib"],
      path: "Tests/MBQTestSupport",
      swiftSettings: swiftSettings),
    tests("MBQCore"),
    tests("MBQTokenizer"),
    tests("MBQModel", ["MBQCheckpoints", "MBQReference"]),
    tests("MBQSchemes"),
    tests(
      "MBQFormat",
      [
        "MBQModel", "MBQSchemes", "MBQPacking", "MBQTokenizer", "MBQKernels", "MBQRuntime",
        "CMBQBytes", "CZlib",
      ]),
    tests("MBQKernels", ["MBQCore", "MBQModel", "MBQSchemes"]),
    tests(
      "MBQRuntime",
      [
        "MBQCore", "MBQCheckpoints", "MBQQuantizer", "MBQFormat", "MBQPacking", "MBQKernels",
        "MBQModel", "MBQReference", "MBQSchemes", "MBQTokenizer",
      ]),
    tests(
      "MBQReference",
      ["MBQCheckpoints", "MBQModel", "MBQTokenizer", "MBQQuantizer", "MBQRuntime"]),
    tests("MBQCheckpoints", ["MBQModel", "MBQTokenizer"]),
    tests(
      "MBQQuantizer",
      [
        "MBQCheckpoints", "MBQCore", "MBQEvaluation", "MBQFormat", "MBQModel", "MBQReference",
        "MBQRuntime", "MBQSchemes", "MBQTokenizer", "CZlib",
      ]),
    tests(
      "MBQEvaluation",
      ["MBQCore", "MBQModel", "MBQRuntime", "MBQTokenizer", "CZlib"]),
    tests("MBQReport", ["MBQCore", "MBQEvaluation"]),
    tests("mbq", ["mbq-classify", "mbq-bench"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
