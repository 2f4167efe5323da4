namespace Stockpile.Hosting.Configuration;

/// <summary>The files of <c>hocon/</c>, which come with the program.</summary>
public static class StockpileConfig
{
    /// <summary>The name of the actor system; all members of a cluster share it.</summary>
    public const string SystemName = "stockpile";

    /// <summary>The folder of the files that came with the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "hocon");

    /// <summary>The path of one of them, such as <c>accelerators.conf</c> or <c>fleets/hunyuan.conf</c>.</summary>
    public static string PathOf(string file) => Path.Combine(Folder, file);
}
