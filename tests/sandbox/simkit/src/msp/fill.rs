//! Ordinary companies and contacts around the cases.

use std::collections::HashSet;

use rand::{RngExt as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;

use super::{
    Company, Contact, Kind, Size, cases,
    words::{COUNTRIES, Country},
};

const COMPANY_SEED: u64 = 0x6d73_7001;
const CONTACT_SEED: u64 = 0x6d73_7002;
/// What [`cases::BIGGEST`] has in the extreme size.
const BIGGEST_CONTACTS: usize = 20_000;

/// Adds companies up to `total`; answers the country of every company.
pub(super) fn companies(companies: &mut Vec<Company>, total: u32) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(COMPANY_SEED);
    let mut countries: Vec<usize> = companies.iter().map(country_of).collect();
    let mut taken = HashSet::new();
    for number in (1..=total).skip(companies.len()) {
        let country = rng.random_range(0..COUNTRIES.len());
        let (name, city) = unused_name(&mut rng, &COUNTRIES[country], &mut taken);
        companies.push(ordinary(
            number,
            &name,
            city,
            pick(&mut rng, COUNTRIES[country].suffixes),
        ));
        countries.push(country);
    }
    countries
}

/// A case has the country its city is in, or else the first.
fn country_of(company: &Company) -> usize {
    COUNTRIES
        .iter()
        .position(|c| c.cities.contains(&company.city))
        .unwrap_or(0)
}

/// Trade and surname, with the city where that is taken: two ordinary companies never share a name or a domain.
fn unused_name(rng: &mut ChaCha8Rng, country: &Country, taken: &mut HashSet<String>) -> (String, &'static str) {
    loop {
        let city = pick(rng, country.cities);
        let short = format!("{} {}", pick(rng, country.trades), pick(rng, country.lasts));
        let long = format!("{short} {city}");
        for name in [short, long] {
            if taken.insert(slug(&name, "-")) {
                return (name, city);
            }
        }
    }
}

fn ordinary(number: u32, name: &str, city: &'static str, suffix: &str) -> Company {
    let domain = format!(
        "{}.{}",
        slug(name, "-"),
        if number.is_multiple_of(7) { "test" } else { "example" }
    );
    Company {
        number,
        name: format!("{name}{suffix}"),
        kind: kind(number),
        active: !number.is_multiple_of(16),
        website: match number % 4 {
            0 => Some(format!("www.{domain}/")),
            1 | 2 => Some(format!("https://www.{domain}")),
            _ => None,
        },
        domain,
        own: false,
        segment: u8::try_from(number % 6).unwrap_or(0),
        city,
    }
}

fn kind(number: u32) -> Kind {
    match number % 40 {
        7 | 17 => Kind::Prospect,
        8 | 28 => Kind::Lead,
        9 => Kind::Dead,
        10 => Kind::Vendor,
        11 => Kind::Partner,
        _ => Kind::Customer,
    }
}

/// Adds contacts up to the size's total.
pub(super) fn contacts(contacts: &mut Vec<Contact>, companies: &[Company], countries: &[usize], size: Size) {
    let total = size.contacts();
    let mut fill = Fill {
        rng: ChaCha8Rng::seed_from_u64(CONTACT_SEED),
        taken: contacts
            .iter()
            .flat_map(|c| &c.emails)
            .map(|a| a.to_lowercase())
            .collect(),
        has_primary: vec![false; companies.len()],
        companies,
        countries,
    };
    let catch_all = companies.iter().position(|c| c.name == cases::CATCH_ALL).unwrap_or(0);
    let biggest = companies.iter().position(|c| c.name == cases::BIGGEST).unwrap_or(0);
    let hand_written = contacts
        .iter()
        .filter(|c| c.company == Some(companies[biggest].number))
        .count();
    let mut due = if size == Size::Extreme {
        BIGGEST_CONTACTS - hand_written
    } else {
        0
    };
    let pool = fill.pool(size);
    for number in (1..=total).skip(contacts.len()) {
        contacts.push(if number.is_multiple_of(40) {
            fill.junk(number, catch_all)
        } else if due > 0 && number.is_multiple_of(23) {
            due -= 1;
            fill.person(number, biggest)
        } else {
            // Squaring favours the front of the pool: few large companies, many small ones.
            let u: f64 = fill.rng.random();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss
            )]
            let at = (u * u * pool.len() as f64) as usize;
            fill.person(number, pool[at])
        });
    }
}

struct Fill<'a> {
    rng: ChaCha8Rng,
    /// Lower-case addresses in use, so that ordinary ones are unique.
    taken: HashSet<String>,
    has_primary: Vec<bool>,
    companies: &'a [Company],
    countries: &'a [usize],
}

impl Fill<'_> {
    /// Indexes of the companies that get ordinary contacts, those with the most first.
    fn pool(&mut self, size: Size) -> Vec<usize> {
        let apart = [
            cases::CATCH_ALL,
            cases::EMPTY,
            cases::INACTIVE,
            cases::VENDOR,
            cases::BIGGEST,
        ];
        let mut pool: Vec<usize> = (0..self.companies.len())
            .filter(|&i| !apart.contains(&self.companies[i].name.as_str()))
            .collect();
        pool.shuffle(&mut self.rng);
        if size != Size::Extreme {
            pool.extend(self.companies.iter().position(|c| c.name == cases::BIGGEST));
            pool.rotate_right(1);
        }
        pool
    }

    fn person(&mut self, number: u32, at: usize) -> Contact {
        let words = &COUNTRIES[self.countries[at]];
        let first = pick(&mut self.rng, words.firsts);
        let last = pick(&mut self.rng, words.lasts);
        let mut emails = vec![self.unused_address(first, last, &self.companies[at])];
        match number % 150 {
            61 => emails.clear(),
            111 => emails.push(format!("{}{number}@thuis.test", slug(first, ""))),
            _ => {}
        }
        // Some companies have no primary contact, as in life.
        let primary = !number.is_multiple_of(5) && !std::mem::replace(&mut self.has_primary[at], true);
        Contact {
            number,
            company: Some(self.companies[at].number),
            first: first.into(),
            last: last.into(),
            title: pick(&mut self.rng, words.titles),
            emails,
            active: !number.is_multiple_of(25),
            primary,
        }
    }

    fn unused_address(&mut self, first: &str, last: &str, company: &Company) -> String {
        let (first, last) = (slug(first, ""), slug(last, ""));
        let local = match company.number % 3 {
            0 => format!("{first}.{last}"),
            1 => format!("{}.{last}", &first[..1]),
            _ => format!("{first}{}", &last[..1]),
        };
        let mut address = format!("{local}@{}", company.domain);
        let mut again = 2;
        while !self.taken.insert(address.clone()) {
            address = format!("{local}{again}@{}", company.domain);
            again += 1;
        }
        address
    }

    /// An unknown sender that mail once made a contact of.
    fn junk(&mut self, number: u32, catch_all: usize) -> Contact {
        let token: u32 = self.rng.random();
        let (last, address) = match number / 40 % 4 {
            0 => ("noreply", format!("noreply-{token:08x}@mailer.test")),
            1 => ("Unknown Sender", format!("bounce+{token:08x}@lists.test")),
            2 => ("MAILER-DAEMON", format!("mailer-daemon@host-{token:08x}.test")),
            _ => ("*** SPAM ***", format!("win.{token:08x}@prijzen.test")),
        };
        Contact {
            number,
            company: Some(self.companies[catch_all].number),
            first: String::new(),
            last: last.into(),
            title: "",
            emails: vec![address],
            active: true,
            primary: false,
        }
    }
}

fn pick<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

/// The ASCII spelling people choose for an address, with `gap` for white space.
fn slug(text: &str, gap: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            'à' | 'á' | 'â' => slug.push('a'),
            'é' | 'è' | 'ê' | 'ë' => slug.push('e'),
            'ï' | 'î' | 'ı' => slug.push('i'),
            'ô' => slug.push('o'),
            'ç' => slug.push('c'),
            ' ' => slug.push_str(gap),
            _ => {}
        }
    }
    slug
}
