namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>What must hold between tenants over hours and weeks; a failure names one of these.</summary>
public enum TenantOracle
{
    /// <summary>Nothing that could run waits without end.</summary>
    NothingStarves,

    /// <summary>Little work is lost because others take its devices.</summary>
    LittleIsLost,

    /// <summary>Where all ask for more than there is, hours go by weights.</summary>
    HoursAreFair,

    /// <summary>No device is idle for long while somebody waits who could use it.</summary>
    NoRoomIsIdle,

    /// <summary>A start that was told is met, or is said to have moved.</summary>
    PromisesAreKept,

    /// <summary>Owners get back what they own.</summary>
    OwnersGetTheirs,
}
