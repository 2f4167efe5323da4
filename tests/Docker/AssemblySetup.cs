// One cluster of twelve containers serves all facts, one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
