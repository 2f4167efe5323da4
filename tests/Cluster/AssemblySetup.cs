using Stockpile.Tests.Shared;

// Each test starts whole clusters; side by side they would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// Nor beside the containers of tests/Docker.
[assembly: AssemblyFixture(typeof(MachineTurnFixture))]
