using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;

namespace Stockpile.Layers.Tests;

/// <summary>
/// The state of a cell changes by events, and by what a round notes. So planners and questions, which live in later
/// folders, call nothing of State that is not public and gives nothing back, and set nothing there. What a round notes
/// is public and takes the round.
/// </summary>
public sealed class StateTests
{
    private const string State = "Stockpile.Core.State";

    private static readonly Architecture Core = Uses.Load("Stockpile.Core");

    [Fact]
    public void Only_State_changes_the_state()
    {
        var changes = Calls(outside: true).Where(IsChange)
            .Select(call => $"{call.Origin.FullName} calls {call.TargetMember.FullName}").Distinct().ToList();
        Assert.True(changes.Count == 0, string.Join('\n', changes));
    }

    /// <summary>Else nothing would be found because nothing is looked at.</summary>
    [Fact]
    public void Changes_within_State_are_seen()
    {
        var names = Calls(outside: false).Where(IsChange).Select(call => call.TargetMember.Name).ToList();
        Assert.Contains(names, name => name.StartsWith("set_Done(", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("Bind(", StringComparison.Ordinal));
    }

    private static IEnumerable<MethodCallDependency> Calls(bool outside) => Core.Types
        .Where(type => (type.Namespace.FullName != State) == outside)
        .SelectMany(type => type.Dependencies.OfType<MethodCallDependency>())
        .Where(call => call.Target.Namespace.FullName == State);

    /// <summary>Public methods that take the round have its proof; those that initialize an object change nothing.
    /// </summary>
    private static bool IsChange(MethodCallDependency call)
    {
        if (call.TargetMember is not MethodMember method || method.MethodForm == MethodForm.Constructor)
            return false;
        if (method.MethodForm == MethodForm.Setter) return !IsInitOnly(method);
        return method.Visibility != Visibility.Public && method.ReturnType.Name == "Void";
    }

    private static bool IsInitOnly(MethodMember setter) => setter.DeclaringType.Members.OfType<PropertyMember>()
        .Any(p => p.Setter == setter && p.Writability == Writability.InitOnly);
}
