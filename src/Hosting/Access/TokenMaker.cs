using System.Security.Cryptography;

namespace Stockpile.Hosting.Access;

/// <summary>Makes a random token per role, in files that only their owner may read, and keeps what is there.</summary>
public static class TokenMaker
{
    /// <summary>Twice what nobody can guess.</summary>
    private const int RandomBytes = 32;

    /// <summary>The files are named after the roles: <c>viewer</c>, <c>submitter</c>, <c>operator</c>.</summary>
    /// <returns>The files that were made.</returns>
    /// <exception cref="SecretFolderException">The folder cannot be used.</exception>
    public static IReadOnlyList<string> Make(string folder)
    {
        var made = new List<string>();
        SecretFiles.Guarded(folder, () =>
        {
            SecretFiles.Ensure(folder);
            foreach (var role in Enum.GetNames<AccessRole>())
            {
                var file = Path.Combine(folder, role.ToLowerInvariant());
                if (File.Exists(file)) continue;
                SecretFiles.Write(file, RandomNumberGenerator.GetHexString(2 * RandomBytes, lowercase: true));
                made.Add(file);
            }
        });
        return made;
    }
}
