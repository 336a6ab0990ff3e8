-- Graph's type → where a method of that type is deleted.
-- Source: learn.microsoft.com/graph/api/resources/authenticationmethods-overview
with known (type, kind, path_segment) as (
  values
    ('#microsoft.graph.passwordAuthenticationMethod', 'password', null),
    ('#microsoft.graph.phoneAuthenticationMethod', 'phone', 'phoneMethods'),
    ('#microsoft.graph.emailAuthenticationMethod', 'email', 'emailMethods'),
    ('#microsoft.graph.fido2AuthenticationMethod', 'fido2', 'fido2Methods'),
    (
      '#microsoft.graph.microsoftAuthenticatorAuthenticationMethod',
      'microsoftAuthenticator',
      'microsoftAuthenticatorMethods'
    ),
    (
      '#microsoft.graph.windowsHelloForBusinessAuthenticationMethod',
      'windowsHelloForBusiness',
      'windowsHelloForBusinessMethods'
    ),
    ('#microsoft.graph.softwareOathAuthenticationMethod', 'softwareOath', 'softwareOathMethods'),
    (
      '#microsoft.graph.temporaryAccessPassAuthenticationMethod',
      'temporaryAccessPass',
      'temporaryAccessPassMethods'
    ),
    ('#microsoft.graph.platformCredentialAuthenticationMethod', 'platformCredential', 'platformCredentialMethods'),
    ('#microsoft.graph.externalAuthenticationMethod', 'external', 'externalAuthenticationMethods')
)
select
  m.id as method_id,
  k.kind,
  k.path_segment,
  case when k.kind is not null then k.path_segment is not null end as is_removable,
  m.phone_type,
  m.is_usable
from authentication_method_items m
left join known k on k.type = m.type
