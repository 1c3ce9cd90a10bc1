"""The data of the examples, in part as AWS's documentation shows them."""

MEDICARE = """DRG Definition,Provider Id,Provider Name,Provider Street Address,Provider City,Provider State,Provider Zip Code,\
 Total Discharges , Average Covered Charges
039 - EXTRACRANIAL,10001,SOUTHEAST ALABAMA MEDICAL CENTER,1108 ROSS CLARK CIRCLE,DOTHAN,AL,36301,91,$32963.07
039 - EXTRACRANIAL,10005,MARSHALL MEDICAL CENTER SOUTH,2505 U S HIGHWAY 431 NORTH,BOAZ,AL,35957,14,$15131.85
948 - SIGNS & SYM,INC,"MILE BLUFF MEDICAL CENTER, INC",1050 DIVISION ST,MAUSTON,WI,53948,12,$11961.41
"""
FRIENDS = """{"name": "Sally", "age": 23, "location": {"state": "WY", "county": "Fremont"}, "friends": []}
{"name": "Varun", "age": 34, "location": {"state": "NE", "county": "Douglas"}, "friends": [{"name": "Arjun", "age": 3}]}
{"name": "George", "age": 52, "location": {"state": "NY"}, "friends": [{"name": "Fred"}, {"name": "Amy", "age": 15}]}
{"name": "Haruki", "age": 21, "location": {"state": "AK", "county": "Denali"}}
{"name": "Sheila", "age": 63, "friends": [{"name": "Nancy", "age": 22}]}
"""
BROKEN = """{"id": 1, "name": "george", "surname": "washington", "height": 178}
{"id": 2, "name": "benjamin", "surname": "franklin",
{"id": 3, "name": "alexander", "surname": "hamilton", "height": 171}
{"id": 4, "name": "john", "surname": "jay", "height": 190}
"""
PERSONS = """{"id": "p1", "family_name": "Collins", "name": "Michael", "birth_date": "1944-10-15", \
"contact_details": [{"type": "fax", "value": "202-225-4160"}, {"type": "phone", "value": "202-225-3436"}], \
"links": null}
{"id": "p2", "family_name": "Huizenga", "name": "Bill", "birth_date": "1969-01-31", \
"contact_details": [{"type": "twitter", "value": "RepSamFarr"}], \
"links": null}
{"id": "p3", "family_name": "Clawson", "name": "Curtis", "birth_date": "1959-09-28", "links": null}
"""
MEMBERSHIPS = """{"person_id": "p1", "organization_id": "o1", "role": "member", "name": "House"}
{"person_id": "p2", "organization_id": "o1", "role": "chair", "name": "House"}
"""
MIXED = """{"id": 1, "price": 100.0, "list": [{"price": 100.00}, {"price": "$100.00"}], "code": 7}
{"id": 2, "price": 3, "list": [], "code": "x"}
{"id": 3, "price": 5000000000, "list": null, "code": "12"}
"""
