namespace Stockpile.Fuzz.Tests;

/// <summary>How many cases each family runs when nobody asks for more.</summary>
internal static class Cases
{
    public const int Jobs = 9_000;
    public const int Fleets = 6_000;
    public const int Scenarios = 5_000;
    public const int Policies = 4_000;
    public const int Accelerators = 4_000;
    public const int Settings = 1_500;
    public const int Nodes = 6_000;
    public const int Pods = 6_000;
    public const int Http = 20_000;
    public const int FramesPerType = 500;
    public const int Fields = 12_000;
    public const int InspectBodies = 6_000;
    public const int InspectWords = 4_000;
    public const int CommandLines = 3_000;

    public static int Total(int wireTypes) =>
        Jobs + Fleets + Scenarios + Policies + Accelerators + Settings + Nodes + Pods + Http
        + FramesPerType * wireTypes + Fields + InspectBodies + InspectWords + CommandLines;
}
