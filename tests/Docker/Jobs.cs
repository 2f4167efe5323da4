namespace Stockpile.Docker.Tests;

/// <summary>Bodies of submissions, and keys that no other fact has used.</summary>
internal static class Jobs
{
    private static int _keys;

    /// <summary>Of a size that does not end while tests run: hundreds of simulated hours.</summary>
    /// <param name="devices">In nodes of eight.</param>
    /// <param name="tiers">JSON list of those that it may use; the key alone decides between cells that could run it.
    /// </param>
    public static string Training(int devices, string tiers = """["frontier"]""") => $$"""
        {"name":"pretrain","kind":"training","devices":{{devices}},"perNode":8,"work":20000,"checkpoint":"10m",
         "tiers":{{tiers}}}
        """;

    /// <summary>Needs the memory of an H20, so a T4 will not do.</summary>
    public static string Service(int replicas) => $$"""
        {"name":"chat","kind":"inference","replicas":{"min":{{replicas}},"max":{{replicas}}},"devices":1,
         "minMemory":"80GiB"}
        """;

    /// <summary>Small enough for a T4.</summary>
    public static string SmallService(int replicas) => $$"""
        {"name":"embed","kind":"inference","replicas":{"min":{{replicas}},"max":{{replicas}}},"devices":1,
         "minMemory":"12GiB"}
        """;

    /// <summary>Ten seconds of work.</summary>
    public static string Batch => """{"name":"eval","kind":"batch","tasks":1,"share":250,"duration":"10m"}""";

    public static string NewKey(string name) => $"{name}-{Interlocked.Increment(ref _keys)}";
}
