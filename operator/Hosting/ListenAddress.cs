using System.Net;

namespace LightReasoner.Operator.Hosting;

/// <summary>An address to listen at, such as <c>http://*:8080</c> or <c>http://127.0.0.1:8080</c>.</summary>
internal static class ListenAddress
{
    /// <returns>The IP address (null for any, IPv6 and IPv4) and the port.</returns>
    /// <exception cref="FormatException">It is no such address.</exception>
    public static (IPAddress? Address, int Port) Of(string url)
    {
        var binding = BindingAddress.Parse(url);
        if (binding.Scheme != "http") throw new FormatException($"'{url}': must be an address such as http://*:8080");
        return binding.Host switch
        {
            "*" or "+" => (null, binding.Port),
            "localhost" => (IPAddress.Loopback, binding.Port),
            var host => (IPAddress.TryParse(host.Trim('[', ']'), out var ip) ? ip
                : throw new FormatException($"'{url}': the host must be *, localhost or an IP address"), binding.Port),
        };
    }
}
