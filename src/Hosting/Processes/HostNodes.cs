using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Sources;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Hosting.Processes;

/// <summary>The nodes that a node process hosts.</summary>
public static class HostNodes
{
    private const string Host = "stockpile.host.";

    /// <summary>
    /// The nodes of the fleet file, or so many of one model, named after the host: <c>frontier-2-01</c>. They share a
    /// rack unless their labels say otherwise.
    /// </summary>
    /// <param name="name">The host's name.</param>
    /// <exception cref="InputException">A setting or the fleet file is not right.</exception>
    public static IReadOnlyList<NodeSpec> Of(
        HostSettings settings, string name, Catalog catalog, SettingLayers layers)
    {
        var read = new SettingReader(layers);
        if (settings.Fleet.Length > 0) return OfFleet(settings, catalog, read);
        var cell = read.Name(Host + "cell");
        if (catalog.Find(settings.Model) is not { } chip)
            throw read.Error(Host + "model", $"'{settings.Model}' is not a known model"
                + $"{Suggestion.Hint(settings.Model, catalog.Models.Select(m => m.Model))}; {catalog.ModelNames}");
        var labels = new Dictionary<string, string>(settings.Labels, StringComparer.Ordinal);
        labels.TryAdd("rack", name);
        if (!Names.IsName($"{name}-00")) throw read.Error(Host + "name", $"'{name}' is too long; {Names.Rule}");
        return [.. Enumerable.Range(1, settings.Count).Select(number => new NodeSpec(
            string.Create(CultureInfo.InvariantCulture, $"{name}-{number:00}"), cell, chip.Base,
            settings.Devices, settings.CpuMilli, settings.MemoryMiB, labels)
        {
            // A host of binned chips says so in the model's name, as everybody calls them: H800@advanced.
            Tier = chip.IsVariant ? chip.Tier : "",
        })];
    }

    private static List<NodeSpec> OfFleet(HostSettings settings, Catalog catalog, SettingReader read)
    {
        var fleet = FleetSource.Read(settings.Fleet, catalog);
        var unknown = settings.Cells.Except(fleet.Cells, StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
            throw read.Error(Host + "cells",
                $"'{unknown}' is no cell of {settings.Fleet}; it has {string.Join(", ", fleet.Cells)}");
        return [.. fleet.Nodes.Where(n => settings.Cells.Count == 0 || settings.Cells.Contains(n.Cell))];
    }
}
