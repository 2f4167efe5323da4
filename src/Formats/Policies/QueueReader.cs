using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads <c>queue</c> of a policy; what is absent is as <see cref="QueuePolicy"/> has it.</summary>
internal static class QueueReader
{
    public static QueuePolicy Read(ConfigSection policy, Catalog catalog)
    {
        var absent = new QueuePolicy { Quotas = Quotas(policy, catalog) };
        if (policy.GetOptionalSection("queue") is not { } queue) return absent;
        var fair = queue.GetOptionalSection("fair-share");
        var read = absent with
        {
            FairShare = fair?.GetBool("enabled", absent.FairShare) ?? absent.FairShare,
            Weights = fair is null ? absent.Weights : Weights(fair),
            Ageing = queue.GetDuration("ageing", absent.Ageing),
            Preemption = Preemption(queue, absent.Preemption),
        };
        fair?.Done();
        queue.Done();
        return read;
    }

    private static Dictionary<string, double> Weights(ConfigSection fair)
    {
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        if (fair.GetOptionalSection("weights") is not { } section) return weights;
        foreach (var tenant in section.Keys.ToList())
        {
            CheckTenant(section, tenant);
            weights[tenant] = section.GetDouble(tenant, min: 0.01, max: 100);
        }

        return weights;
    }

    private static void CheckTenant(ConfigSection section, string tenant)
    {
        if (!Names.IsName(tenant))
            throw section.Error(tenant, $"'{InputException.Show(tenant)}' is not a tenant's name; {Names.Rule}");
    }

    private static PreemptionPolicy Preemption(ConfigSection queue, PreemptionPolicy absent)
    {
        if (queue.GetOptionalSection("preemption") is not { } section) return absent;
        var read = new PreemptionPolicy(
            section.GetDuration("min-run-time", absent.MinRunTime),
            section.GetDuration("max-protection", absent.MaxProtection),
            section.GetDuration("restart-cost", absent.RestartCost),
            section.GetBool("hold-back", absent.HoldBack),
            section.GetBool("tasks", absent.Tasks));
        if (read.MaxProtection < read.MinRunTime)
            throw section.Error("max-protection", "is less than min-run-time; it must be as long or longer");
        section.Done();
        return read;
    }

    private static QuotaPolicy Quotas(ConfigSection policy, Catalog catalog)
    {
        if (policy.GetOptionalSection("quotas") is not { } quotas) return QuotaPolicy.None;
        var read = new List<(string, string, TenantQuota)>();
        foreach (var tenant in quotas.Keys.ToList())
        {
            CheckTenant(quotas, tenant);
            var tiers = quotas.GetSection(tenant);
            foreach (var tier in tiers.Keys.ToList())
            {
                if (catalog.FindTier(tier) is null)
                    throw tiers.Error(tier, "is not a known tier"
                        + $"{Suggestion.Hint(tier, catalog.Tiers.Select(t => t.Name))}; {catalog.TierNames}");
                var quota = tiers.GetSection(tier);
                read.Add((tenant, tier, new TenantQuota(
                    Percent(quota, "nominal", absent: 0), Percent(quota, "borrow", absent: 100))));
                quota.Done();
            }
        }

        try
        {
            return new QuotaPolicy(read);
        }
        catch (ArgumentException e)
        {
            throw policy.Error("quotas", e.Message);
        }
    }

    private static int Percent(ConfigSection quota, string key, int absent)
    {
        if (!quota.Has(key)) return absent;
        var text = quota.GetText(key).Trim();
        return text.EndsWith('%')
            && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value <= 100
            ? value
            : throw quota.Error(key, $"'{InputException.Show(text)}' is not a percentage; 0%..100%, whole");
    }
}
