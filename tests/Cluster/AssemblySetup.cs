// Each test starts whole clusters; side by side they would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
